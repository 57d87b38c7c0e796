// Command server is the Image service as a daemon of its own. See "server --help".
package main

import (
	"os"

	"goglance/glance/operator"
)

func main() { os.Exit(operator.Server()) }
