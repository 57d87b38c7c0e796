// Package uwsgi lets an HTTP server of net/http serve a front end that speaks the uwsgi protocol: Apache's
// mod_proxy_uwsgi, nginx's uwsgi_pass. A site that has the reference behind one of them keeps its configuration (spec
// operations 12).
//
// A request is one packet of CGI variables and then the body; the answer is an HTTP answer as it is. So a connection
// turns the packet into the head of an HTTP request, and everything else is net/http's: deadlines, refusals before the
// body, connections that are cut, and the end.
//
//	srv := &http.Server{Handler: uwsgi.Handler(h), ConnContext: uwsgi.ConnContext}
//	srv.Serve(uwsgi.Listener{ln})
//
// The protocol has no frame for a body without length: front ends that are sent one refuse it with 411 (Apache) or keep
// it on disk until they know its length (nginx). What still arrives without a length is refused with 411. HTTP and
// FastCGI have no such limit.
package uwsgi
