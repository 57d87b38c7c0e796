// Command httpd is the Image service behind a web server. See "httpd --help".
package main

import (
	"os"

	"goglance/glance/operator"
)

func main() { os.Exit(operator.HTTPD()) }
