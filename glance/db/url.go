package db

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// location is a connection URL taken apart. It holds a password, so it never goes into an error.
type location struct {
	engine         string // sqlite, mysql or postgresql
	user, password string
	host, port     string
	database       string // the path, of SQLite
	options        map[string]string
}

// urlForm is how the reference takes a connection URL apart: a password may hold every character, @ and / included, as
// the last @ ends it.
var urlForm = regexp.MustCompile(`(?s)^([\w+]+)://(?:([^:/]*)(?::(.*))?@)?(?:\[([^/]+)\]|([^/:?]+))?(?::([^/?]*))?(?:/([^?]*))?(?:\?(.*))?$`)

// errURL says nothing of the URL: there is a password in it.
var errURL = errors.New("the connection is no URL of the form engine+driver://user:password@host:port/database?options")

// parseURL reads a connection URL in the form of SQLAlchemy (spec operations 4). Which Python driver it names does not
// matter.
func parseURL(text string) (location, error) {
	part := urlForm.FindStringSubmatch(strings.TrimSpace(text))
	if part == nil {
		return location{}, errURL
	}
	engine, err := engineOf(part[1])
	if err != nil {
		return location{}, err
	}
	l := location{
		engine: engine, user: unescape(part[2]), password: unescape(part[3]), host: part[4] + part[5], port: part[6],
		database: part[7], options: map[string]string{},
	}
	for pair := range strings.SplitSeq(part[8], "&") {
		name, value, _ := strings.Cut(pair, "=")
		if value, err = url.QueryUnescape(value); name != "" && err == nil {
			l.options[name] = value
		}
	}
	if engine == engineSQLite {
		return l.file()
	}
	if l.database == "" {
		return location{}, errors.New("the connection names no database")
	}
	return l, nil
}

const (
	engineSQLite   = "sqlite"
	engineMySQL    = "mysql"
	enginePostgres = "postgresql"
)

func engineOf(scheme string) (string, error) {
	name, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	switch name {
	case engineSQLite, engineMySQL, enginePostgres:
		return name, nil
	case "mariadb":
		return engineMySQL, nil
	case "postgres":
		return enginePostgres, nil
	}
	return "", fmt.Errorf("databases of the kind %q are not served; those of the kinds sqlite, mysql and postgresql are", name)
}

// file checks the URL of an SQLite file. What follows sqlite:/// is its path: relative, or absolute from the fourth
// slash on, of which there may be more.
func (l location) file() (location, error) {
	switch {
	case l.user != "" || l.password != "" || l.host != "" || l.port != "":
		return location{}, errors.New("the connection names a host; an SQLite file is named by three slashes and its path")
	case l.database == "" || l.database == ":memory:":
		return location{}, errors.New("a database in memory cannot be served: no second connection would see it")
	}
	if strings.HasPrefix(l.database, "/") {
		l.database = "/" + strings.TrimLeft(l.database, "/")
	}
	return l, nil
}

// unescape decodes percent signs and leaves alone those that mean nothing.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// option takes an option out of the URL. What nobody has taken is ignored.
func (l location) option(name string) string {
	value := l.options[name]
	delete(l.options, name)
	return value
}
