//! Sites as real hosts have them: the book's, certbot's, several servers, snippets, static files beside the application.

use super::{Noted, Refused, Shape, USUAL};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "the book's",
        http: "server { listen PORT; server_name localhost; include DIR/service-url.inc;
            location / { proxy_pass $service_url; proxy_set_header X-Real-IP $remote_addr; proxy_set_header Host $http_host; } }",
        ..USUAL
    },
    Shape {
        name: "certbot's two servers",
        http: "server { server_name app.example; include DIR/service-url.inc; location / { proxy_pass $service_url; }
                listen PORT; # managed by Certbot
            }
            server { if ($host = app.example) { return 301 https://$host$request_uri; } # managed by Certbot
                listen 127.0.0.2:PORT; server_name app.example; return 404; # managed by Certbot
            }",
        host: "app.example",
        ..USUAL
    },
    Shape {
        name: "certbot's redirect, which reads the include as well",
        http: "server { listen 127.0.0.2:PORT; server_name app.example; include DIR/service-url.inc; return 301 https://$host$request_uri;
                location / { proxy_pass $service_url; } }
            server { listen PORT; server_name app.example; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        host: "app.example",
        ..USUAL
    },
    Shape {
        name: "the include only where all is sent to https",
        http: "server { listen PORT; include DIR/service-url.inc; return 301 https://$host$request_uri; location / { proxy_pass $service_url; } }
            server { listen 127.0.0.2:PORT; location / { proxy_pass http://127.0.0.1:BLUE; } }",
        reload: Refused(&["nothing uses `$service_url`", "what stands at", "answers everybody before"]),
        instant: Refused(&["answers everybody before"]),
        ..USUAL
    },
    Shape {
        name: "the include only where a rewrite sends all to https",
        http: "server { listen PORT; include DIR/service-url.inc; rewrite ^ https://$host$request_uri permanent; location / { proxy_pass $service_url; } }
            server { listen 127.0.0.2:PORT; location / { proxy_pass http://127.0.0.1:BLUE; } }",
        reload: Refused(&["nothing uses `$service_url`", "what stands at", "answers everybody before"]),
        instant: Refused(&["answers everybody before"]),
        ..USUAL
    },
    Shape {
        name: "a rewrite of everybody in the location",
        http: "server { listen PORT; include DIR/service-url.inc; location / { rewrite ^/(.*)$ https://$host/$1 redirect; proxy_pass $service_url; } }",
        reload: Refused(&["answers everybody before"]),
        instant: Refused(&["answers everybody before"]),
        ..USUAL
    },
    Shape {
        name: "a rewrite of some paths",
        http: "server { listen PORT; include DIR/service-url.inc; rewrite ^/old/(.*)$ https://$host/$1 permanent; location / { proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "a remark that looks like what nginx writes between files",
        http: "# configuration file /etc/nginx/other.conf:\n# } }\n\n# configuration file DIR/service-url.conf:\n
            server { listen PORT; include DIR/service-url.inc;\n# configuration file /x:\nlocation / { proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "a location that sends to https",
        http: "server { listen PORT; include DIR/service-url.inc; location / { return 301 https://$host$request_uri; } }",
        reload: Refused(&["nothing uses `$service_url`", "a cutover would move nobody", "proxy_pass $service_url;"]),
        instant: Refused(&["a cutover would move nobody"]),
        ..USUAL
    },
    Shape {
        name: "only static files",
        http: "server { listen PORT; include DIR/service-url.inc; root DIR/../html; location / { try_files $uri =404; } }",
        reload: Refused(&["a cutover would move nobody"]),
        instant: Refused(&["a cutover would move nobody"]),
        ..USUAL
    },
    Shape {
        name: "sites-enabled with a snippet that holds include and location",
        http: "include DIR/sites-enabled/*;",
        files: &[
            ("sites-enabled/app", "server { listen PORT; include DIR/snippets/app.inc; }\n"),
            ("snippets/app.inc", "include DIR/service-url.inc;\nlocation / { proxy_pass $service_url; }\n"),
        ],
        ..USUAL
    },
    Shape {
        name: "the include in the location, as some guides have it",
        http: "server { listen PORT; location / { include DIR/service-url.inc; proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "the include in one location, used in another one",
        http: "server { listen PORT; location / { include DIR/service-url.inc; proxy_pass $service_url; }
            location /api { proxy_pass $service_url; } }",
        reload: Noted(&["nothing sets `$service_url` for `proxy_pass $service_url`", "answers 500 there"]),
        instant: Noted(&["answers 500 there"]),
        ..USUAL
    },
    Shape {
        name: "the include in a location around the one that is entered",
        http: "server { listen PORT; location / { include DIR/service-url.inc; location /api { proxy_pass $service_url; } } }",
        path: "/api",
        reload: Refused(&["stands where nginx does not run it", "outside of locations"]),
        instant: Refused(&["stands where nginx does not run it"]),
        ..USUAL
    },
    Shape {
        name: "nested locations under the server's include",
        http: "server { listen PORT; include DIR/service-url.inc; location / { location /api { proxy_pass $service_url; } proxy_pass $service_url; } }",
        path: "/api/x",
        ..USUAL
    },
    Shape {
        name: "static files first, the application by a named location",
        http: "server { listen PORT; include DIR/service-url.inc; root DIR/../html; location / { try_files $uri @app; }
            location @app { proxy_pass $service_url; } }",
        path: "/none",
        ..USUAL
    },
    Shape {
        name: "F97: the include beside try_files, used in the named location",
        http: "server { listen PORT; root DIR/../html; location / { include DIR/service-url.inc; try_files $uri @app; }
            location @app { proxy_pass $service_url; } }",
        path: "/none",
        instant: Refused(&["beside `try_files`", "into the server block, outside of locations"]),
        ..USUAL
    },
    Shape {
        name: "error pages and regular expressions",
        http: "server { listen PORT default_server; listen [::]:PORT default_server; server_name _; include DIR/service-url.inc;
            error_page 502 503 /50x.html; location = /50x.html { root DIR/../html; internal; }
            location ~ \"^/v[0-9]{1,2}/\" { proxy_pass $service_url; } location ~* \"\\.(js|css){1}$\" { root DIR/../html; }
            location / { proxy_pass $service_url; } }",
        path: "/v12/x",
        ..USUAL
    },
    Shape {
        name: "a websocket beside it",
        http: "map $http_upgrade $connection_upgrade { default upgrade; '' close; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /ws/ { proxy_pass $service_url; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection $connection_upgrade; } }",
        path: "/ws/x",
        ..USUAL
    },
    Shape {
        name: "two applications in one nginx",
        http: "server { listen PORT; server_name a.example; include DIR/service-url.inc; location / { proxy_pass $service_url; } }
            server { listen PORT; server_name b.example; include DIR/other-url.inc; location / { proxy_pass $other_url; } }",
        files: &[("other-url.inc", "set $other_url http://127.0.0.1:9;\n")],
        host: "a.example",
        ..USUAL
    },
    Shape {
        name: "two applications that both call it service_url",
        http: "server { listen PORT; server_name a.example; include DIR/service-url.inc; location / { proxy_pass $service_url; } }
            server { listen PORT; server_name b.example; include DIR/other-url.inc; location / { proxy_pass $service_url; } }",
        files: &[("other-url.inc", "set $service_url http://127.0.0.1:9;\n")],
        host: "a.example",
        ..USUAL
    },
    Shape {
        name: "comments, quotes and braces",
        http: "# server { include DIR/none.inc; }
            server { listen PORT; include \"DIR/service-url.inc\"; add_header X \"{ proxy_pass; }\"; # } }
            location / { proxy_pass '$service_url'; proxy_set_header \"Host\" \"$http_host\"; } }",
        ..USUAL
    },
    Shape {
        name: "the variable in braces, with the whole request",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass ${service_url}$request_uri; } }",
        ..USUAL
    },
    Shape {
        name: "a glob of includes",
        http: "server { listen PORT; include DIR/service-*.inc; location / { proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "a path with dots",
        http: "server { listen PORT; include DIR/../conf.d//service-url.inc; location / { proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "a link to the include",
        http: "server { listen PORT; include DIR/current.inc; location / { proxy_pass $service_url; } }",
        files: &[("current.inc", "-> DIR/service-url.inc")],
        ..USUAL
    },
    Shape {
        name: "a linked directory",
        http: "server { listen PORT; include DIR/linked/service-url.inc; location / { proxy_pass $service_url; } }",
        files: &[("linked", "-> DIR")],
        ..USUAL
    },
    Shape {
        name: "nobody reads it",
        http: "server { listen PORT; location / { proxy_pass http://127.0.0.1:BLUE; } }",
        reload: Refused(&["does not read the include", "application's server block"]),
        instant: Refused(&["does not read the include"]),
        ..USUAL
    },
    Shape {
        name: "the include in an if",
        http: "server { listen PORT; if ($host) { include DIR/service-url.inc; } location / { proxy_pass $service_url; } }",
        instant: Refused(&["in an `if`", "no other `if`"]),
        ..USUAL
    },
    Shape {
        name: "the groups' file in a server block too",
        http: "server { listen PORT; include DIR/*.conf; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        instant: Refused(&["is read inside of a server block", "nginx.conf:"]),
        ..USUAL
    },
    Shape {
        name: "F99: set_1 without a Host header",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        instant: Refused(&["would send `Host: set_1`", "write `proxy_set_header Host $http_host;` beside"]),
        ..USUAL
    },
    Shape {
        name: "F99: set_1 with the Host header of the server block",
        http: "proxy_set_header Host example; server { listen PORT; include DIR/service-url.inc; proxy_set_header Host $host;
            location / { proxy_pass $service_url; } }",
        ..USUAL
    },
    Shape {
        name: "F99: set_1 where another header takes the server block's away",
        http: "server { listen PORT; include DIR/service-url.inc; proxy_set_header Host $host;
            location / { proxy_set_header X-Real-IP $remote_addr; proxy_pass $service_url; } }",
        instant: Refused(&["would send `Host: set_1`"]),
        ..USUAL
    },
];
