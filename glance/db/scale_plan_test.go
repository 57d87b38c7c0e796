package db_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
)

// TestScansNothing wants no list to read a large table whole. Servers look at what is in their tables by themselves, soon
// after it has changed; the test does not wait for it. Of them it counts the rows that are read, too: a small multiple of
// what the project sees.
func TestScansNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"", dbserver.MariaDB, dbserver.PostgreSQL} {
		t.Run(engine+" ", func(t *testing.T) {
			t.Parallel()
			c := cloud{images: 20_000, public: 200, own: 50, member: 20, gone: 45} // more public ones are deleted than may be read
			d, raw := clouds(t, engine)(c)
			p := planner{engine, raw, 8 * (c.public + c.own + c.member + c.member/2)}
			for _, table := range []string{"images", "image_properties", "image_tags", "image_locations", "image_members"} {
				if analyze := map[string]string{dbserver.MariaDB: "ANALYZE TABLE ", dbserver.PostgreSQL: "ANALYZE "}[engine]; analyze != "" {
					raw.MustExecContext(t.Context(), analyze+table)
				}
			}
			p.checkAll(t, d)
		})
	}
}

// planner asks an engine how it answers.
type planner struct {
	engine string
	raw    *sqlx.DB
	most   int // rows that a list may read
}

func (p planner) checkAll(t *testing.T, d *db.DB) {
	t.Helper()
	for _, s := range append(shapes(), overviews()...) {
		asked, err := d.AskedFor(t.Context(), s.asked(t, d))
		if err != nil {
			t.Fatal(err)
		}
		p.check(t, s.name, asked)
	}
	asked, err := d.AskedForUsage(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	p.check(t, "usage", asked)
}

// check fails if one of the queries reads too much.
func (p planner) check(t *testing.T, name string, asked []db.Asked) {
	t.Helper()
	look := map[string]func(context.Context, db.Asked) (answer, error){
		"": p.sqlite, dbserver.MariaDB: p.mariadb, dbserver.PostgreSQL: p.postgres,
	}[p.engine]
	for _, q := range asked {
		a, err := look(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, q.Text)
		}
		if a.whole != "" || a.rows > p.most {
			t.Errorf("%s reads %d rows, and all of %q\n%s\n%s", name, a.rows, a.whole, q.Text, a.plan)
		}
	}
}

// answer is how an engine answers a query.
type answer struct {
	plan  string
	whole string // a table of which it means to read every row
	rows  int    // that it has read
}

// sqlite tells no number. To go along an index in the order of a list ends with the page.
func (p planner) sqlite(ctx context.Context, q db.Asked) (a answer, err error) {
	scan := regexp.MustCompile(`^SCAN (images|image_\w+|c|i|l)\b`)
	err = p.each(ctx, "EXPLAIN QUERY PLAN "+q.Text, q.Args, func(row map[string]any) {
		step := fmt.Sprint(row["detail"])
		if table := scan.FindStringSubmatch(step); table != nil && !strings.HasSuffix(step, " USING INDEX created_at_image_idx") {
			a.whole = table[1]
		}
		a.plan += step + "\n"
	})
	return a, err
}

// mariadb counts what it reads, of tables that it makes on the way too.
func (p planner) mariadb(ctx context.Context, q db.Asked) (a answer, err error) {
	err = p.each(ctx, "EXPLAIN "+q.Text, q.Args, func(row map[string]any) {
		a.plan += fmt.Sprintf("%v %s %s %s %s\n", row["id"], row["table"], row["type"], row["key"], row["Extra"])
		if table := fmt.Sprintf("%s", row["table"]); fmt.Sprintf("%s", row["type"]) == "ALL" && !strings.HasPrefix(table, "<") {
			a.whole = table
		}
	})
	count := func(sign int) {
		err = errors.Join(err, p.each(ctx, "SHOW SESSION STATUS LIKE 'Handler_read%'", nil, func(row map[string]any) {
			n, e := strconv.Atoi(fmt.Sprintf("%s", row["Value"]))
			a.rows, err = a.rows+sign*n, errors.Join(err, e)
		}))
	}
	count(-1)
	err = errors.Join(err, p.each(ctx, q.Text, q.Args, func(map[string]any) {}))
	count(1)
	return a, err
}

// node is a step of a plan of PostgreSQL, with what happened.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Rows    float64 `json:"Actual Rows"`
	Removed float64 `json:"Rows Removed by Filter"`
	Recheck float64 `json:"Rows Removed by Index Recheck"`
	Loops   float64 `json:"Actual Loops"`
	Plans   []node
}

func (n node) add(a *answer) {
	if n.Table != "" {
		a.rows += int((n.Rows + n.Removed + n.Recheck) * n.Loops)
		if strings.HasSuffix(n.Type, "Seq Scan") {
			a.whole = n.Table
		}
	}
	for _, m := range n.Plans {
		m.add(a)
	}
}

func (p planner) postgres(ctx context.Context, q db.Asked) (a answer, err error) {
	err = p.each(ctx, "EXPLAIN (ANALYZE, FORMAT JSON) "+q.Text, q.Args, func(row map[string]any) {
		a.plan = fmt.Sprintf("%s", row["QUERY PLAN"])
	})
	var top []struct{ Plan node }
	if err = errors.Join(err, json.Unmarshal([]byte(a.plan), &top)); err == nil {
		top[0].Plan.add(&a)
	}
	return a, err
}

// each hands every row of an answer to look.
func (p planner) each(ctx context.Context, text string, args []any, look func(map[string]any)) error {
	rows, err := p.raw.QueryContext(ctx, p.raw.Rebind(text), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		row := map[string]any{}
		if err := sqlx.MapScan(rows, row); err != nil {
			return err
		}
		look(row)
	}
	return rows.Err()
}
