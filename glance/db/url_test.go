package db

import (
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sqlite:///rel.db":                                   "sqlite||||| rel.db",
		"sqlite:////abs/x.db?timeout=60":                     "sqlite||||| /abs/x.db timeout=60",
		"sqlite://///tmp/x.db":                               "sqlite||||| /tmp/x.db",
		"sqlite+pysqlite:////a b/ü.db":                       "sqlite||||| /a b/ü.db",
		"mysql://h/n":                                        "mysql|||h|| n",
		"mysql+pymysql://u:p@h/n?charset=utf8":               "mysql|u|p|h|| n charset=utf8",
		"mysql+mysqldb://u:p@h:3307/n":                       "mysql|u|p|h|3307| n",
		"mysql+mysqlconnector://u@/n?unix_socket=%2Frun%2Fs": "mysql|u|||| n unix_socket=/run/s",
		"mariadb+mariadbconnector://u:@h/n":                  "mysql|u||h|| n",
		" MySQL://u:p@h/n\n":                                 "mysql|u|p|h|| n",
		"postgresql://u:p@[::1]:5433/n":                      "postgresql|u|p|::1|5433| n",
		"postgres://u:p@h/n":                                 "postgresql|u|p|h|| n",
		"postgresql+psycopg2://u:p@/n?host=/run/pg&a=b&a=c":  "postgresql|u|p||| n a=c host=/run/pg",
		"mysql://u%40x:p%40%2f%3A%25+%zz@h/n":                "mysql|u@x|p@/:%+%zz|h|| n",
		"mysql://u:p@ss/w:rd?x@h/n":                          "mysql|u|p@ss/w:rd?x|h|| n",
	} {
		l, err := parseURL(text)
		got := l.engine + "|" + l.user + "|" + l.password + "|" + l.host + "|" + l.port + "| " + l.database
		for _, name := range []string{"a", "charset", "host", "timeout", "unix_socket"} {
			if value := l.option(name); value != "" {
				got += " " + name + "=" + value
			}
		}
		if err != nil || got != want || len(l.options) != 0 {
			t.Errorf("%s: %s, %v, %v; want %s", text, got, l.options, err, want)
		}
	}
}

// Spec security S: an error about the connection must not tell the password.
func TestURLErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "s3cr3t", "://u:s3cr3t@h/n", "oracle://u:s3cr3t@h/n", "mysql://u:s3cr3t@h", "mysql://u:s3cr3t@h/", "mysql:u:s3cr3t@h/n",
		"sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://u:s3cr3t@h/x.db", "sqlite://x.db", "postgresql://u:s3cr3t@h:1:2/n",
		"mysql://u:s3cr3t@h:port/n", "postgresql://u:s3cr3t@h:port/n", "mysql://u:s3cr3t@h/n?ssl_ca=/no/such/file",
		"postgresql://u:s3cr3t@h/n?sslmode=never", "postgresql://u@h/n?password=s3cr3t&sslmode=never",
		"mysql://u:s3cr3t@127.0.0.1:1/n", "postgresql://u:s3cr3t@127.0.0.1:1/n",
	} {
		d, err := Open(t.Context(), Options{Connection: text})
		if err == nil {
			t.Errorf("%s: opened (%v)", text, d.Close())
		} else if strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error shows the password: %v", text, err)
		}
	}
}

func TestSQLMode(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"": "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')", "TRADITIONAL": "'TRADITIONAL,STRICT_ALL_TABLES'",
		"ansi, no_zero_date": "'ANSI,NO_ZERO_DATE,STRICT_ALL_TABLES'", "x'; DROP TABLE images": "'XDROPTABLEIMAGES,STRICT_ALL_TABLES'",
	} {
		if got := sqlMode(mode); got != want {
			t.Errorf("%q became %s", mode, got)
		}
	}
}
