//! The text of the private nginx's configuration: the server block that the scripts' hosts have, with paths and ports of
//! the sandbox's own.

use std::path::Path;

/// How many workers it has: one would hide what a reload does to several.
pub(crate) const WORKERS: usize = 2;

/// Writes the configuration. `secure` is the port for TLS, `location` is what the door adds to the server block.
pub(crate) fn render(prefix: &Path, port: u16, secure: Option<u16>, as_root: bool, location: &str) -> String {
    let prefix = prefix.display();
    let secure = secure.map_or_else(String::new, |port| {
        format!(
            r#"
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate "{prefix}/tls/certificate.pem";
        ssl_certificate_key "{prefix}/tls/key.pem";
        gzip on;"#
        )
    });
    // Otherwise its workers, being nobody, could not pass through the temporary directory.
    let user = if as_root { "user root;\n" } else { "" };
    format!(
        r#"{user}worker_processes {WORKERS};
pid "{prefix}/run/nginx.pid";
error_log "{prefix}/logs/error.log";
worker_rlimit_nofile 16384;

events {{
    # A load of thousands of requests, each with a connection to either side, must not find nginx full.
    worker_connections 8192;
}}

http {{
    access_log off;
    client_body_temp_path "{prefix}/temp/client_body";
    proxy_temp_path "{prefix}/temp/proxy";
    fastcgi_temp_path "{prefix}/temp/fastcgi";
    uwsgi_temp_path "{prefix}/temp/uwsgi";
    scgi_temp_path "{prefix}/temp/scgi";

    include "{prefix}/conf.d/*.conf";

    server {{
        listen 127.0.0.1:{port};{secure}
        server_name localhost;

        include "{prefix}/conf.d/service-url.inc";

        location / {{
            proxy_pass $service_url;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header Host $http_host;
        }}

        # An upgrade is a matter of one hop, so it is asked for again (nginx's manual, "WebSocket proxying").
        location /websocket {{
            proxy_pass $service_url;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header Host $http_host;
        }}
        {location}
    }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_named_only_where_it_can_be_changed() {
        let render = |as_root| render(Path::new("/x"), 12_345, None, as_root, "");
        assert!(render(true).starts_with("user root;\nworker_processes 2;"));
        assert!(render(false).starts_with("worker_processes 2;"));
        assert!(render(false).contains("listen 127.0.0.1:12345;"));
    }
}
