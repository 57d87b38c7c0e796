package dbtest

import (
	"context"
	"errors"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func transactions() []test {
	return []test{
		{name: "ErrorUnchanged", run: errorUnchanged},
		{name: "PanicRollsBack", run: panicRollsBack},
		{name: "CancelledBefore", run: cancelledBefore},
		{name: "CancelledInside", run: cancelledInside},
		{name: "CancelledWhileWaiting", run: cancelledWhileWaiting},
		{name: "OwnWrites", run: ownWrites},
	}
}

// gone fails if the image is there.
func (s suite) gone(id string) {
	s.Helper()
	_, err := s.db.ImageAny(s.ctx, id)
	s.wants(fault.NotFound, err)
}

func errorUnchanged(s suite) {
	want := errors.New("of the caller")
	runs := 0
	err := s.db.Tx(s.ctx, func(tx *db.Tx) error {
		runs++
		s.ok(tx.InsertImage(s.ctx, full(1)))
		return want
	})
	if !errors.Is(err, want) || errors.Unwrap(err) != nil || runs != 1 {
		s.Errorf("got %v after %d runs", err, runs)
	}
	s.gone(id(1))
}

func panicRollsBack(s suite) {
	func() {
		defer func() { _ = recover() }()
		_ = s.db.Tx(s.ctx, func(tx *db.Tx) error {
			s.ok(tx.InsertImage(s.ctx, full(1)))
			panic("of the caller")
		})
	}()
	s.gone(id(1))
	s.insert(full(1))
}

func cancelledBefore(s suite) {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	err := s.db.Tx(ctx, func(*db.Tx) error { s.Error("ran"); return nil })
	if !errors.Is(err, context.Canceled) || fault.Is(err, fault.Unavailable) {
		s.Errorf("Tx: %v", err)
	}
	if _, err = s.db.Image(ctx, id(1)); !errors.Is(err, context.Canceled) {
		s.Errorf("Image: %v", err)
	}
}

// cancelledInside ends the context between two statements, and before the commit.
func cancelledInside(s suite) {
	for n := range 8 {
		ctx, cancel := context.WithCancel(s.ctx)
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			if err := tx.InsertImage(ctx, full(1)); err != nil {
				return err
			}
			cancel()
			if n%2 == 0 {
				return nil
			}
			return tx.InsertImage(ctx, full(2))
		})
		if !errors.Is(err, context.Canceled) {
			s.Errorf("Tx: %v", err)
		}
		s.gone(id(1))
		s.gone(id(2))
	}
	s.insert(full(1), full(2))
}

func cancelledWhileWaiting(s suite) {
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- s.db.Tx(s.ctx, func(tx *db.Tx) error {
			if err := tx.InsertImage(s.ctx, full(1)); err != nil {
				return err
			}
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Millisecond)
	defer cancel()
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return tx.InsertImage(ctx, full(1)) })
	if !errors.Is(err, context.DeadlineExceeded) {
		s.Errorf("Tx: %v", err)
	}
	s.gone(id(1)) // readers neither wait nor see what is not committed
	close(end)
	s.ok(<-done)
	s.get(id(1))
}

// ownWrites reads inside the transaction what it wrote.
func ownWrites(s suite) {
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error {
		s.ok(tx.InsertImage(s.ctx, full(1)))
		im, err := tx.Image(s.ctx, id(1))
		s.ok(err)
		s.same(im, full(1))
		list, err := tx.Images(s.ctx, image.Query{Limit: 5})
		s.ok(err)
		sum, err := tx.Usage(s.ctx, "owner", "")
		s.ok(err)
		member, err := tx.IsMember(s.ctx, id(1), "x")
		s.ok(err)
		if len(list) != 1 || sum != 2<<40 || member {
			s.Errorf("%d images, %d bytes, member %v", len(list), sum, member)
		}
		return tx.DeleteImage(s.ctx, id(1), db.Deletion{})
	}))
	_, err := s.db.Image(s.ctx, id(1))
	s.wants(fault.NotFound, err)
}
