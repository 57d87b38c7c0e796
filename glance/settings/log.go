package settings

// Log is the options of the log, those of oslo.log (spec operations 11).
type Log struct {
	Debug        bool     `name:"debug" default:"false" help:"log more"`
	LogConfig    string   `name:"log_config_append" deprecated:"DEFAULT/log_config,DEFAULT/log-config" help:"file for Python's logging package; not read here"`
	DateFormat   string   `name:"log_date_format" default:"%Y-%m-%d %H:%M:%S" help:"form of the time in a line, as for strftime"`
	LogFile      string   `name:"log_file" deprecated:"DEFAULT/logfile" help:"file to log to; a relative name is in log_dir"`
	LogDir       string   `name:"log_dir" deprecated:"DEFAULT/logdir" help:"folder of log_file; alone: log to a file there that is named for the program"`
	WatchFile    bool     `name:"watch_log_file" default:"false" help:"accepted: a log file that was moved is noticed in any case, with the next line"`
	Syslog       bool     `name:"use_syslog" default:"false" help:"log to syslog"`
	Journal      bool     `name:"use_journal" default:"false" help:"log to the journal of systemd"`
	Facility     string   `name:"syslog_log_facility" default:"LOG_USER" help:"facility of the lines in syslog"`
	JSON         bool     `name:"use_json" default:"false" help:"write each line as a JSON object"`
	Stderr       bool     `name:"use_stderr" default:"false" help:"log to standard error, also beside a file"`
	Format       string   `name:"logging_context_format_string" default:"%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(request_id)s %(user_identity)s] %(instance)s%(message)s" help:"form of a line that belongs to a request"`
	PlainFormat  string   `name:"logging_default_format_string" default:"%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s" help:"form of any other line"`
	DebugSuffix  string   `name:"logging_debug_format_suffix" default:"%(funcName)s %(pathname)s:%(lineno)d" help:"end of a line of level DEBUG"`
	Exception    string   `name:"logging_exception_prefix" default:"%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s" help:"begin of each line of a trace"`
	UserIdentity string   `name:"logging_user_identity_format" default:"%(user)s %(tenant)s %(domain)s %(user_domain)s %(project_domain)s" help:"form of user_identity in a line"`
	Levels       []string `name:"default_log_levels" default:"amqp=WARN,amqplib=WARN,boto=WARN,qpid=WARN,sqlalchemy=WARN,suds=INFO,oslo.messaging=INFO,oslo_messaging=INFO,iso8601=WARN,requests.packages.urllib3.connectionpool=WARN,urllib3.connectionpool=WARN,websocket=WARN,requests.packages.urllib3.util.retry=WARN,urllib3.util.retry=WARN,keystonemiddleware=WARN,routes.middleware=WARN,stevedore=WARN,taskflow=WARN,keystoneauth=WARN,oslo.cache=INFO,dogpile.core.dogpile=INFO" help:"levels of loggers: name=LEVEL; replaces the whole list"`
}
