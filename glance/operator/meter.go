package operator

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"goglance/glance/operator/metrics"
	"goglance/glance/settings"
)

// meter is the listener of the metrics. The zero value listens nowhere.
type meter struct {
	address string
	server  *http.Server
	done    chan struct{}
}

// follow listens where the options say, if it does not yet.
func (m *meter) follow(o settings.Metrics, from *metrics.Metrics) error {
	address := ""
	if o.MetricsPort != 0 {
		address = net.JoinHostPort(o.MetricsHost, strconv.Itoa(o.MetricsPort))
	}
	if address == m.address {
		return nil
	}
	next := meter{address: address}
	if address != "" {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("[metrics] bind_host, bind_port: %w", err)
		}
		next.server, next.done = from.Serve(), make(chan struct{})
		go func() {
			defer close(next.done)
			_ = next.server.Serve(ln) // it ends when it is closed
		}()
	}
	err := m.close()
	*m = next
	return err
}

func (m *meter) close() error {
	if m.server == nil {
		return nil
	}
	err := m.server.Close()
	<-m.done
	*m = meter{}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
