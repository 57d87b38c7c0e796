package db

/*
// The library is linked with the package of its driver; with this one alone it is not there, hence weak.
int sqlite3_config(int, ...) __attribute__((weak));

static void sqlite_lean(void) {
	if (!sqlite3_config) return;
	sqlite3_config(9, 0);                // SQLITE_CONFIG_MEMSTATUS
	sqlite3_config(7, (void *)0, 0, 0);  // SQLITE_CONFIG_PAGECACHE
}
*/
import "C"

// leanSQLite has SQLite do without two things that cost more than they bring where many connections read at once. It counts
// its memory, for which every allocation waits for a lock that all connections share, and nobody asks for the sums. And
// it begins the pages of each table in memory, of which a list of images has several, with 100 KiB at once, that the
// allocator fetches from the system and gives back each time.
//
// It takes effect before the process opens its first database; later it changes nothing
// (https://www.sqlite.org/c3ref/config.html).
func leanSQLite() { C.sqlite_lean() }
