// Package filter says, as data, what a request passes through on its way to the API: a list of filters, the outermost
// first. An operator's paste file becomes such a list (package config); an embedder writes one, or leaves
// glance.Config.Filters alone and has Standard.
//
//	[]filter.Filter{
//		filter.CORS{{AllowedOrigin: []string{"https://dashboard.example"}, AllowMethods: []string{"GET"}}},
//		filter.Healthcheck{Path: "/healthcheck"},
//		filter.ProxyHeaders{},
//		filter.Negotiation{},
//		filter.Identity{},
//	}
//
// The order is the meaning. A filter sees only the requests that those before it let pass, and adds to the answers of
// those behind it: behind Identity a health check is for callers with an identity, behind Negotiation it is under none of
// the known versions and never reached, before CORS its answers are not for web pages.
package filter

import (
	"errors"
	"fmt"

	"goglance/glance/option"
	"goglance/glance/settings"
)

// Filter is one of the types of this package.
type Filter interface{ filter() }

// CORS lets web pages of other origins call the service (spec operations 2.2). The first element that lists an origin
// says what its pages may do; without any, none may do anything. It answers every OPTIONS request.
type CORS []settings.CORS

// Healthcheck answers load balancers that ask whether to send requests here (spec operations 2.1). It may stand in a list
// twice, with two paths.
type Healthcheck settings.Healthcheck

// ProxyHeaders believes Forwarded and X-Forwarded-* headers (spec operations 2.3), if Options.ProxyHeaders is set too:
// those of glance.Config.TrustedPeers.
type ProxyHeaders struct{}

// SizeLimit refuses longer request bodies, image data too, with 413.
type SizeLimit settings.SizeLimit

// RequestID puts the request id on every answer that passes it. Identity puts it on those behind it in any case.
type RequestID struct{}

// Negotiation finds the API version that a request means (spec operations 2.5), and answers those that mean none with the
// list. Without it /v2 is the only name of that version, and the list is behind Identity.
type Negotiation struct{}

// Identity finds out who is asking, by glance.Config.Auth, and refuses those who may not ask (spec operations 2.6). It is
// the one filter that no list is without.
type Identity struct{}

// Gzip compresses answers for clients that take it, but image data never (spec operations 2.7). What a compressed answer
// measures tells something of what is in it, secrets included: it is not for a service that browsers reach by HTTPS with
// credentials.
type Gzip struct{}

func (CORS) filter()         {}
func (Healthcheck) filter()  {}
func (ProxyHeaders) filter() {}
func (SizeLimit) filter()    {}
func (RequestID) filter()    {}
func (Negotiation) filter()  {}
func (Identity) filter()     {}
func (Gzip) filter()         {}

// Standard returns the filters of every pipeline that the reference ships: no origin is let in, and the health check is
// at /healthcheck and answers OK.
func Standard() []Filter {
	return []Filter{
		CORS{}, Healthcheck{Path: "/healthcheck", Backends: []string{settings.DisableByFile}}, ProxyHeaders{}, Negotiation{},
		Identity{},
	}
}

// Check returns an error for a list that no service can be made with.
func Check(list []Filter) error {
	identities := 0
	for _, f := range list {
		var err error
		switch f := f.(type) {
		case CORS:
			for _, o := range f {
				err = errors.Join(err, option.Check(&o))
			}
		case Healthcheck:
			err = option.Check(&f)
		case SizeLimit:
			err = option.Check(&f)
		case Identity:
			identities++
		case ProxyHeaders, RequestID, Negotiation, Gzip:
		default:
			err = fmt.Errorf("%T is no filter", f)
		}
		if err != nil {
			return err
		}
	}
	if identities != 1 {
		return fmt.Errorf("the filter Identity is there %d times, and must be there once", identities)
	}
	return nil
}
