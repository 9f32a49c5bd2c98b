vcl 4.1;
# Varnish before two servers with mod_1cdist: it keeps archives, and asks a server each time whether they still hold (no-cache), which
# costs a 304. Addresses by digest (sha256/) hold for ever. A download that breaks with a server goes on at the other one.
import directors;

probe alive {
    .url = "/update/index.json";
    .interval = 1s;
    .timeout = 2s;
    .window = 3;
    .threshold = 2;
    .initial = 2;
}

# First byte: more than CDistBuildTimeout, since the first client of an archive waits for its build.
backend node1 { .host = "10.0.0.1"; .port = "80"; .probe = alive; .first_byte_timeout = 150s; .between_bytes_timeout = 10s; }
backend node2 { .host = "10.0.0.2"; .port = "80"; .probe = alive; .first_byte_timeout = 150s; .between_bytes_timeout = 10s; }

sub vcl_init {
    new nodes = directors.fallback();
    nodes.add_backend(node1);
    nodes.add_backend(node2);
}

sub vcl_recv {
    set req.backend_hint = nodes.backend();
    # What is for one user, or changes something, is none of the cache's business.
    if (req.http.Authorization || (req.method != "GET" && req.method != "HEAD")) {
        return (pass);
    }
}

sub vcl_backend_response {
    set beresp.http.X-Served-By = beresp.backend.name;
    # no-cache with an ETag: kept, but asked for again each time. (Of a time to live of nothing varnish keeps nothing.)
    if (beresp.status == 200 && beresp.http.ETag && beresp.http.Cache-Control == "no-cache") {
        set beresp.ttl = 1ms;
        set beresp.grace = 0s;
        set beresp.keep = 7d;
        return (deliver);
    }
}
