//! Forms of the value: a URL, an address, a group, a port; and uses through other variables.

use super::{Good, Noted, Refused, Shape, USUAL};

const BARE: &str =
    "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass http://$service_url; } }";
const PORT_ALONE: &str =
    "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass http://127.0.0.1:$service_url; } }";
const GROUPS: &[(&str, &str)] = &[(
    "groups.conf",
    "upstream blue { server 127.0.0.1:BLUE; keepalive 8; }\nupstream green { server localhost:GREEN; }\n",
)];

pub(super) const SHAPES: &[Shape] = &[
    Shape { name: "a bare address", http: BARE, include: "set $service_url 127.0.0.1:BLUE;\n", ..USUAL },
    Shape { name: "a group of the user's own", http: BARE, files: GROUPS, include: "set $service_url blue;\n", ..USUAL },
    Shape {
        name: "a URL with a group of the user's own",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        files: GROUPS,
        include: "set $service_url http://blue;\n",
        ..USUAL
    },
    Shape {
        name: "a group, and none for the other port",
        http: BARE,
        files: &[("groups.conf", "upstream blue { server 127.0.0.1:BLUE; }\n")],
        include: "set $service_url blue;\n",
        ..USUAL
    },
    Shape {
        name: "F96: an address where a URL is needed",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        include: "\nset $service_url 127.0.0.1:BLUE;\n",
        reload: Refused(&[
            "needs a URL",
            "service-url.inc:2): nginx answers 500",
            "write `set $service_url http://127.0.0.1:BLUE;` at",
            "or `proxy_pass http://$service_url;` at",
        ]),
        instant: Refused(&["nginx answers 500"]),
        ..USUAL
    },
    Shape {
        name: "F96: a URL where an address is needed",
        http: BARE,
        reload: Refused(&["needs an address", "write `set $service_url 127.0.0.1:BLUE;` at", "`proxy_pass $service_url;` at"]),
        instant: Refused(&["needs an address"]),
        ..USUAL
    },
    Shape {
        name: "F96: both forms in one site",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /api { proxy_pass http://$service_url; } }",
        path: "/api",
        reload: Refused(&["`proxy_pass http://$service_url`", "write `proxy_pass $service_url;` at"]),
        instant: Refused(&["needs an address"]),
        ..USUAL
    },
    Shape {
        name: "a port alone",
        http: PORT_ALONE,
        include: "set $service_url BLUE;\n",
        instant: Refused(&["takes a port only", "proxy_pass http://$service_url;"]),
        ..USUAL
    },
    Shape {
        name: "an address where a port is needed",
        http: PORT_ALONE,
        include: "set $service_url 127.0.0.1:BLUE;\n",
        reload: Refused(&["needs a port", "write `set $service_url BLUE;` at"]),
        instant: Refused(&["needs a port"]),
        ..USUAL
    },
    Shape {
        name: "the scheme of the request",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $scheme://$service_url; } }",
        include: "set $service_url 127.0.0.1:BLUE;\n",
        ..USUAL
    },
    Shape {
        name: "https to the application",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass https://$service_url; } }",
        include: "set $service_url 127.0.0.1:BLUE;\n",
        reload: Refused(&["for something else than an address or a URL", "write `proxy_pass http://$service_url;` at"]),
        instant: Refused(&["for something else"]),
        ..USUAL
    },
    Shape {
        name: "a part of a group's name",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass http://app-$service_url; } }",
        files: &[("groups.conf", "upstream app-blue { server 127.0.0.1:BLUE; }\nupstream blue { server 127.0.0.1:BLUE; }\n")],
        include: "set $service_url blue;\n",
        reload: Refused(&["`proxy_pass http://app-$service_url`", "for something else"]),
        instant: Refused(&["for something else"]),
        ..USUAL
    },
    Shape {
        name: "through another variable",
        http: "server { listen PORT; include DIR/service-url.inc; set $backend $service_url; location / { proxy_pass $backend; } }",
        ..USUAL
    },
    Shape {
        name: "through another variable that adds the scheme",
        http: "server { listen PORT; include DIR/service-url.inc; location / { set $backend http://$service_url; proxy_pass $backend$request_uri; } }",
        include: "set $service_url 127.0.0.1:BLUE;\n",
        ..USUAL
    },
    Shape {
        name: "through a map that has it for a result",
        http: "map $http_x_canary $backend { default $service_url; none http://127.0.0.1:9; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $backend; } }",
        ..USUAL
    },
    Shape {
        name: "through a map that fills in what is missing",
        http: "map $service_url $backend { '' http://127.0.0.1:BLUE; default $service_url; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $backend; } }",
        ..USUAL
    },
    Shape {
        name: "a map that has it for a key",
        http: "map $service_url $backend { default http://127.0.0.1:BLUE; blue http://127.0.0.1:BLUE; green http://127.0.0.1:GREEN; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $backend; } }",
        files: GROUPS,
        include: "set $service_url 127.0.0.1:BLUE;\n",
        reload: Refused(&["the `map` at", "for a key"]),
        instant: Refused(&["the `map` at"]),
        ..USUAL
    },
    Shape {
        name: "with a path behind it",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url/app$request_uri; } }",
        reload: Good,
        ..USUAL
    },
    Shape {
        name: "a set before the include, as a default",
        http: "server { listen PORT; set $service_url ''; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "a set after the include",
        http: "server { listen PORT; include DIR/service-url.inc; set $service_url http://127.0.0.1:BLUE; location / { proxy_pass $service_url; } }",
        reload: Refused(&["is set again", "after the include", "remove the line"]),
        instant: Refused(&["is set again"]),
        ..USUAL
    },
    Shape {
        name: "a set in the location",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /api { set $service_url http://127.0.0.1:BLUE; proxy_pass $service_url; } }",
        path: "/api",
        reload: Refused(&["is set again"]),
        instant: Refused(&["is set again"]),
        ..USUAL
    },
    Shape {
        name: "a set in an if that leads to a slot",
        http: "server { listen PORT; include DIR/service-url.inc; if ($http_host) { set $service_url http://127.0.0.1:BLUE; }
            location / { proxy_pass $service_url; } }",
        reload: Refused(&["is set again in an `if`"]),
        instant: Refused(&["is set again in an `if`"]),
        ..USUAL
    },
    Shape {
        name: "a set in an if that leads elsewhere",
        http: "server { listen PORT; include DIR/service-url.inc; if ($http_x_maintenance) { set $service_url http://127.0.0.1:9; }
            location / { proxy_pass $service_url; } }",
        reload: Noted(&["follows no cutover where"]),
        instant: Noted(&["follows no cutover where"]),
        ..USUAL
    },
];
