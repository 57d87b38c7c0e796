package image

import (
	"slices"
	"strings"
	"testing"
)

func statuses() []Status {
	return []Status{Queued, Saving, Uploading, Importing, Active, Killed, Deleted, PendingDelete, Deactivated}
}

// Spec images-api 6.1, the whole table.
func TestTransitions(t *testing.T) {
	t.Parallel()
	allowed := map[Status]string{
		Queued: "saving uploading importing active deleted", Saving: "active killed deleted queued", Uploading: "importing queued deleted",
		Importing: "active deleted queued", Active: "pending_delete deleted deactivated", Killed: "deleted", PendingDelete: "deleted", Deactivated: "active deleted",
	}
	for _, from := range append(statuses(), "nonsense", "") {
		for _, to := range append(statuses(), "nonsense", "") {
			if want := slices.Contains(strings.Fields(allowed[from]), string(to)); from.To(to) != want {
				t.Errorf("from %s to %s: %v", from, to, !want)
			}
		}
	}
}

func TestMissingFormats(t *testing.T) {
	t.Parallel()
	x := "x"
	rows := []struct {
		img  Image
		want []string
	}{
		{Image{}, []string{"disk_format", "container_format"}}, {Image{DiskFormat: &x}, []string{"container_format"}},
		{Image{ContainerFormat: &x}, []string{"disk_format"}}, {Image{ContainerFormat: &x, DiskFormat: &x}, nil},
	}
	for _, row := range rows {
		if got := row.img.MissingFormats(); !slices.Equal(got, row.want) {
			t.Errorf("%+v: %v", row.img, got)
		}
	}
}

// Spec images-api 5.7, security S10: everything that decides, in every combination.
func TestVisibleAndMutable(t *testing.T) {
	t.Parallel()
	mine, empty := "p", ""
	for _, owner := range []*string{nil, &empty, &mine} {
		for _, v := range []Visibility{Private, Public, Shared, Community} {
			img := Image{Owner: owner, Visibility: v}
			for _, viewer := range []Viewer{{}, {Owner: "p"}, {Owner: "q"}, {Admin: true}, {Owner: "q", Admin: true}} {
				for _, member := range []bool{false, true} {
					own := owner == &mine && viewer.Owner == "p"
					shared := v == Shared && member && viewer.Owner != ""
					want := viewer.Admin || owner == nil || v == Public || v == Community || own || shared
					if img.VisibleTo(viewer, member) != want {
						t.Errorf("%+v, member %v, of %s image: visible is %v", viewer, member, v, !want)
					}
				}
				if want := viewer.Admin || owner == &mine && viewer.Owner == "p"; img.MutableBy(viewer) != want {
					t.Errorf("%+v of %s image: mutable is %v", viewer, v, !want)
				}
			}
		}
	}
}

func TestSortKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []SortKey{ByName, ByStatus, ByContainerFormat, ByDiskFormat, BySize, ByID, ByCreatedAt, ByUpdatedAt} {
		if !key.Valid() {
			t.Errorf("%s is no sort key", key)
		}
	}
	for _, key := range []SortKey{"", "Name", "owner", "name ", "visibility"} {
		if key.Valid() {
			t.Errorf("%q is a sort key", key)
		}
	}
}

// Spec images-api 5.3: the tie-breakers and their direction.
func TestTotal(t *testing.T) {
	t.Parallel()
	up := func(k SortKey) Order { return Order{k, false} }
	down := func(k SortKey) Order { return Order{k, true} }
	rows := []struct {
		given []Order
		desc  bool
		want  []Order
	}{
		{nil, true, []Order{down(ByCreatedAt), down(ByID)}},
		{nil, false, []Order{up(ByCreatedAt), up(ByID)}},
		{[]Order{up(ByName)}, false, []Order{up(ByName), up(ByCreatedAt), up(ByID)}},
		{[]Order{up(ByCreatedAt)}, true, []Order{up(ByCreatedAt), down(ByID)}},
		{[]Order{up(ByID)}, false, []Order{up(ByID), up(ByCreatedAt)}},
		{[]Order{up(ByName), up(BySize)}, true, []Order{up(ByName), up(BySize), down(ByCreatedAt), down(ByID)}},
		{[]Order{up(ByID), down(ByCreatedAt)}, true, []Order{up(ByID), down(ByCreatedAt)}},
	}
	for _, row := range rows {
		if got := Total(row.given, row.desc); !slices.Equal(got, row.want) {
			t.Errorf("%v: %v, want %v", row.given, got, row.want)
		}
	}
}
