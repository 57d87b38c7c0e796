package db

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Bounds on an engine that is reached over a network. A server that does not answer must not keep a request for ever.
const (
	connectTime = 10 * time.Second
	ioTime      = 30 * time.Second
	lockTime    = 10 * time.Second // for a row that another transaction holds
	longestTx   = time.Minute
	txAttempts  = 10
)

// mysqlDialect is for MySQL and MariaDB. The columns of the reference compare text without regard to case, accents and
// spaces at the end; what must be exact is compared as bytes.
func mysqlDialect() dialect {
	binary := func(column string) string { return "CAST(" + column + " AS BINARY)" }
	return dialect{
		schema:    "mysql",
		tables:    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
		alone:     mysqlHold,
		together:  mysqlLetGo,
		hold:      mysqlHold,
		letGo:     mysqlLetGo,
		commits:   true,
		things:    mysqlThings,
		hurry:     "SET SESSION lock_wait_timeout = 3",
		locked:    func(err error) bool { return mysqlCode(err, 1205) },
		indexes:   "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE()",
		makeIndex: leadingIndex,
		time:      asIs,
		unindexed: func(column string) string { return "CONCAT(" + column + ")" },
		lead:      asIs,
		plain:     func(column string) string { return "CONVERT(" + column + " USING utf8mb4)" }, // columns have many collations
		exact:     binary,
		ordered:   binary,
		orderedID: "id",
		loose:     true,
		is: func(column, value string) query {
			if wide(value) {
				return query{binary(column) + " = ?", []any{value}}
			}
			return query{"(" + column + " = ? AND " + binary(column) + " = ?)", []any{value, value}}
		},
		nullsLow:  true,
		precision: time.Second,
		lock:      " FOR UPDATE",
		reading:   sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		// Reads see what was committed before them, so those behind a lock are true. Gaps stay unlocked.
		writing:   sql.TxOptions{Isolation: sql.LevelReadCommitted},
		attempts:  txAttempts,
		longest:   longestTx,
		lost:      mysqlLost,
		gone:      mysqlGone,
		again:     func(err error) bool { return mysqlCode(err, 1213, 1020, 1412) }, // deadlock, record or table has changed
		duplicate: func(err error) bool { return mysqlCode(err, 1062) },
		holder:    mysqlHolder,
		unfit:     mysqlUnfit,
	}
}

// The lock of a process that changes tables.
const (
	mysqlHold  = "SELECT GET_LOCK(CONCAT('goglance ', MD5(DATABASE())), 0)"
	mysqlLetGo = "SELECT RELEASE_LOCK(CONCAT('goglance ', MD5(DATABASE())))"
)

const mysqlThings = `SELECT CONCAT('images.', column_name) FROM information_schema.columns
	WHERE table_schema = DATABASE() AND table_name = 'images'
	UNION SELECT CONCAT('images.', index_name) FROM information_schema.statistics
	WHERE table_schema = DATABASE() AND table_name = 'images'
	UNION SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()`

// wide reports whether text has characters of 4 bytes. A column of characters of 3 refuses to be compared with it, but
// as bytes.
func wide(text any) bool {
	s, ok := text.(string)
	return ok && strings.ContainsFunc(s, func(r rune) bool { return r > 0xFFFF })
}

// mysqlConnector returns what makes connections. Options of the URL that it knows are taken out of l.
func mysqlConnector(l location, o Options) (driver.Connector, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = l.user, l.password, l.database
	c.Net, c.Addr = "tcp", net.JoinHostPort(orDefault(l.host, "localhost"), orDefault(l.port, "3306"))
	if socket := l.option("unix_socket"); socket != "" {
		c.Net, c.Addr = "unix", socket
	}
	c.Collation = "utf8mb4_general_ci" // of what is sent, whatever the columns hold
	c.ClientFoundRows = true           // an update counts the rows that it found, as elsewhere
	c.ParseTime = true
	c.InterpolateParams = true // one round trip instead of two
	c.MaxAllowedPacket = 0     // as the server says
	c.Timeout = seconds(l.option("connect_timeout"), connectTime)
	c.ReadTimeout = seconds(l.option("read_timeout"), ioTime)
	if o.Patient {
		c.ReadTimeout = 0
	}
	c.WriteTimeout = seconds(l.option("write_timeout"), ioTime)
	c.Logger = &mysql.NopLogger{} // what matters comes back as an error
	c.Params = map[string]string{
		"sql_mode": sqlMode(o.MySQLMode), "innodb_lock_wait_timeout": fmt.Sprint(int(lockTime.Seconds())),
		// Of two indexes that half the table fits in one, the server would read all of that one.
		"optimizer_switch": "'index_merge=off'",
	}
	var err error
	if c.TLS, err = mysqlTLS(l); err != nil {
		return nil, err
	}
	for _, name := range []string{"charset", "use_unicode", "binary_prefix", "plugin"} {
		l.option(name) // of Python's drivers
	}
	return mysql.NewConnector(c)
}

// sqlMode is the mode of each connection. Whatever it is, a value that does not fit must be an error: the server would
// cut it and say nothing.
func sqlMode(mode string) string {
	const strict = "STRICT_ALL_TABLES"
	if mode == "" {
		return "CONCAT(@@sql_mode, '," + strict + "')"
	}
	return "'" + strings.Map(func(r rune) rune {
		if r == '_' || r == ',' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(mode)) + "," + strict + "'"
}

// mysqlTLS reads the ssl_ options: with an authority the server must prove its name too, unless the URL says otherwise.
func mysqlTLS(l location) (*tls.Config, error) {
	ca, cert, key := l.option("ssl_ca"), l.option("ssl_cert"), l.option("ssl_key")
	check := orDefault(l.option("ssl_check_hostname"), orDefault(l.option("ssl_verify_identity"), "true"))
	if ca == "" && cert == "" {
		return nil, nil
	}
	c := &tls.Config{ServerName: orDefault(l.host, "localhost"), MinVersion: tls.VersionTLS12}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("ssl_ca: %w", err)
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("ssl_ca: there is no certificate in the file")
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, orDefault(key, cert))
		if err != nil {
			return nil, fmt.Errorf("ssl_cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if ca == "" || strings.EqualFold(check, "false") || check == "0" {
		c.InsecureSkipVerify = true
		c.VerifyConnection = chainOnly(c.RootCAs)
	}
	return c, nil
}

// chainOnly checks who has signed the server's certificate but not which name is in it; without roots, nothing.
func chainOnly(roots *x509.CertPool) func(tls.ConnectionState) error {
	if roots == nil {
		return nil
	}
	return func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		return err
	}
}

// mysqlLost is lost with the driver's own word for it.
func mysqlLost(err error) bool { return lost(err) || errors.Is(err, mysql.ErrInvalidConn) }

// mysqlGone: full, shutting down, read-only, too many connections, a lock that was waited for too long, no access.
func mysqlGone(err error) bool {
	return mysqlLost(err) || mysqlCode(err, 1021, 1037, 1038, 1040, 1041, 1042, 1044, 1045, 1047, 1049, 1053, 1077, 1079, 1114,
		1129, 1130, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1020, 1226, 1290, 1317, 1792, 1836, 1927, 1969, 3024)
}

// mysqlUnfit: too long, a character that the column's character set lacks, out of range, more than a packet.
func mysqlUnfit(err error) bool {
	return errors.Is(err, mysql.ErrPktTooLarge) || mysqlCode(err, 1153, 1264, 1366, 1406, 3988)
}

// mysqlHolder finds the table in the message: `database`.`table`, CONSTRAINT ...
func mysqlHolder(err error) string {
	if !mysqlCode(err, 1451) {
		return ""
	}
	if found := regexp.MustCompile("\\(`[^`]*`\\.`([^`]*)`").FindStringSubmatch(err.Error()); found != nil {
		return found[1]
	}
	return unknownHolder
}

func mysqlCode(err error, codes ...uint16) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && slices.Contains(codes, e.Number)
}

// refused: no use in trying again, the server does not know us or what we ask for.
func mysqlRefused(err error) bool { return mysqlCode(err, 1044, 1045, 1049, 1130, 1698) }
