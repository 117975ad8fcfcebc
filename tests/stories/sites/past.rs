//! What goes past the variable: a fixed port, a group of both slots, a second variable; in the site and beside it.

use super::{Noted, Refused, Shape, USUAL};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "F95: a fixed port under the include",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass http://127.0.0.1:BLUE; } }",
        reload: Refused(&["nothing uses `$service_url`", "goes to port BLUE, whatever the include says", "write `proxy_pass $service_url;` at"]),
        instant: Refused(&["goes to port BLUE"]),
        ..USUAL
    },
    Shape {
        name: "F95: a fixed port by localhost",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass http://localhost:BLUE/; } }",
        reload: Refused(&["goes to port BLUE"]),
        instant: Refused(&["goes to port BLUE"]),
        ..USUAL
    },
    Shape {
        name: "F95: a group under the include",
        http: "upstream app { server 127.0.0.1:BLUE; server 127.0.0.1:GREEN backup; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass http://app; } }",
        reload: Refused(&["nothing uses `$service_url`", "`proxy_pass http://app`"]),
        instant: Refused(&["`proxy_pass http://app`"]),
        ..USUAL
    },
    Shape {
        name: "F98: a websocket on a fixed port",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /ws { proxy_pass http://127.0.0.1:BLUE; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; } }",
        path: "/ws",
        reload: Refused(&["`proxy_pass http://127.0.0.1:BLUE`", "would stay behind at a cutover", "write `proxy_pass $service_url;` at"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "F98: a websocket on a fixed port, in capitals",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /ws { proxy_pass HTTP://LOCALHOST:BLUE; } }",
        path: "/ws",
        reload: Refused(&["`proxy_pass HTTP://LOCALHOST:BLUE`", "would stay behind at a cutover"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "F98: a group whose name is written in capitals",
        http: "upstream canary { server Localhost:BLUE; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /ws { proxy_pass http://CANARY; } }",
        path: "/ws",
        reload: Refused(&["`proxy_pass http://CANARY`", "through"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "F98: a second variable in the include",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } location /ws { proxy_pass $ws_url; } }",
        include: "set $service_url http://127.0.0.1:BLUE;\nset $ws_url http://127.0.0.1:BLUE;\n",
        path: "/ws",
        reload: Refused(&["`proxy_pass $ws_url`", "through", "service-url.inc:2"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "F98: a second variable that follows the first",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } location /ws { proxy_pass $ws_url; } }",
        include: "set $service_url http://127.0.0.1:BLUE;\n",
        files: &[("ws.inc", "set $ws_url $service_url;\n"), ("x.conf", "# nothing\n"), ("ws-user.conf", "map $host $ws_url { default $service_url; }\n")],
        path: "/ws",
        ..USUAL
    },
    Shape {
        name: "F98: a second port in a nested location",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url;
            location ~ ^/sockjs/ { proxy_pass http://localhost:BLUE; } } }",
        path: "/sockjs/x",
        reload: Refused(&["`proxy_pass http://localhost:BLUE`"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "F98: a group with a slot's port in an if",
        http: "upstream canary { server 127.0.0.1:BLUE; }
            server { listen PORT; include DIR/service-url.inc; location / { if ($arg_canary) { proxy_pass http://canary; } proxy_pass $service_url; } }",
        path: "/?canary=1",
        reload: Refused(&["`proxy_pass http://canary`", "through"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "F98: a map with a slot's port",
        http: "map $arg_version $backend { default $service_url; 1 http://127.0.0.1:BLUE; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $backend; } }",
        path: "/?version=1",
        reload: Refused(&["`proxy_pass $backend`", "goes to port BLUE"]),
        instant: Refused(&["goes to port BLUE"]),
        ..USUAL
    },
    Shape {
        name: "a door of somebody's own to one slot, in another server",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } }
            server { listen 127.0.0.2:PORT; location / { proxy_pass http://127.0.0.1:GREEN; } }",
        reload: Noted(&["`proxy_pass http://127.0.0.1:GREEN`", "goes to port GREEN and follows no cutover: after one its users stay on GREEN until `stop`"]),
        instant: Noted(&["follows no cutover"]),
        ..USUAL
    },
    Shape {
        name: "the same site for https, on a fixed port",
        http: "server { listen 127.0.0.2:PORT; server_name app.example; include DIR/service-url.inc; location / { proxy_pass $service_url; } }
            server { listen PORT; server_name www.app.example app.example; location / { proxy_pass http://127.0.0.1:BLUE; } }",
        host: "app.example",
        reload: Refused(&["would stay behind at a cutover", "into the server block at", "write `proxy_pass $service_url;` at"]),
        instant: Refused(&["would stay behind at a cutover"]),
        ..USUAL
    },
    Shape {
        name: "a break before the include",
        http: "server { listen PORT; break; include DIR/service-url.inc; location / { proxy_pass $service_url; } }",
        reload: Refused(&["stands where nginx does not run it"]),
        instant: Refused(&["stands where nginx does not run it"]),
        ..USUAL
    },
    Shape {
        name: "an error page's way out",
        http: "server { listen PORT; include DIR/service-url.inc; error_page 418 = @old; location / { proxy_pass $service_url; }
            location /old { return 418; } location @old { proxy_pass http://[::1]:BLUE; } }",
        path: "/old",
        reload: Refused(&["`proxy_pass http://[::1]:BLUE`"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
    Shape {
        name: "capitals in the variable's name",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $Service_URL; } }",
        ..USUAL
    },
    Shape {
        name: "other services of the host",
        http: "upstream metrics { server 127.0.0.1:9; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /grafana/ { proxy_pass http://127.0.0.1:9/; } location /metrics { proxy_pass http://metrics; }
            location /php { fastcgi_pass unix:/run/php.socket; } location = /health { return 200 ok; } }",
        ..USUAL
    },
    Shape {
        name: "the variable in a server without the include",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; } }
            server { listen 127.0.0.2:PORT; location / { proxy_pass $service_url; } }",
        reload: Noted(&["nothing sets `$service_url`", "answers 500 there"]),
        instant: Noted(&["answers 500 there"]),
        ..USUAL
    },
    Shape {
        name: "a pinned location that nobody gets to",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /old { return 410; proxy_pass http://127.0.0.1:BLUE; } }",
        ..USUAL
    },
    Shape {
        name: "another application in a location, with the same variable",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /admin/ { include DIR/admin.inc; proxy_pass $service_url; } }",
        files: &[("admin.inc", "set $service_url http://127.0.0.1:9;\n")],
        reload: Noted(&["`proxy_pass $service_url`", "follows no cutover where", "admin.inc:1 sets the variable"]),
        instant: Noted(&["admin.inc:1 sets the variable"]),
        ..USUAL
    },
    Shape {
        name: "another host in a location, with the same variable",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /shop/ { set $service_url http://10.0.0.5:8080; proxy_pass $service_url; } }",
        reload: Noted(&["follows no cutover where"]),
        instant: Noted(&["follows no cutover where"]),
        ..USUAL
    },
    Shape {
        name: "F95: a slot in a location, with the same variable",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /ws { set $service_url http://127.0.0.1:BLUE; proxy_pass $service_url; } }",
        path: "/ws",
        reload: Refused(&["is set again", "remove the line"]),
        instant: Refused(&["is set again"]),
        ..USUAL
    },
    Shape {
        name: "previews of both slots for some addresses",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /preview-blue/ { allow 127.0.0.1; deny all; proxy_pass http://127.0.0.1:BLUE/; }
            location /preview-green/ { allow 127.0.0.1; deny all; proxy_pass http://127.0.0.1:GREEN/; } }",
        reload: Noted(&["goes to port BLUE and follows no cutover", "goes to port GREEN and follows no cutover"]),
        instant: Noted(&["goes to port GREEN and follows no cutover"]),
        ..USUAL
    },
    Shape {
        name: "previews of both slots for everybody",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /one/ { proxy_pass http://127.0.0.1:BLUE/; } location /two/ { proxy_pass http://127.0.0.1:GREEN/; } }",
        reload: Noted(&["goes to port BLUE and follows no cutover", "goes to port GREEN and follows no cutover"]),
        instant: Noted(&["goes to port GREEN and follows no cutover"]),
        ..USUAL
    },
    Shape {
        name: "a mirror to one slot",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; mirror /mirror; }
            location = /mirror { internal; proxy_pass http://127.0.0.1:GREEN$request_uri; } }",
        reload: Noted(&["goes to port GREEN and follows no cutover"]),
        instant: Noted(&["goes to port GREEN and follows no cutover"]),
        ..USUAL
    },
    Shape {
        name: "operators' way to one slot",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /actuator/ { allow 10.0.0.0/8; deny all; location /actuator/blue/ { proxy_pass http://127.0.0.1:BLUE/; } } }",
        reload: Noted(&["goes to port BLUE and follows no cutover"]),
        instant: Noted(&["goes to port BLUE and follows no cutover"]),
        ..USUAL
    },
    Shape {
        name: "a fallback to either slot where one does not answer",
        http: "upstream slots { server 127.0.0.1:BLUE; server 127.0.0.1:GREEN; }
            server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; error_page 502 = @other; }
            location @other { proxy_pass http://slots; } }",
        reload: Noted(&["`proxy_pass http://slots`", "follows no cutover"]),
        instant: Noted(&["`proxy_pass http://slots`"]),
        ..USUAL
    },
    Shape {
        name: "F98: a websocket on one port, with some addresses kept out",
        http: "server { listen PORT; include DIR/service-url.inc; location / { proxy_pass $service_url; }
            location /ws { deny 10.1.2.3; proxy_pass http://127.0.0.1:BLUE; } }",
        path: "/ws",
        reload: Refused(&["would stay behind"]),
        instant: Refused(&["would stay behind"]),
        ..USUAL
    },
];
