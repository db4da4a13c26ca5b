//! Owns [`Site`]: what is answered to which request. A run is asked for by its name, which is looked up among those that were found, so no
//! path is made of what is asked.

use std::path::PathBuf;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use raceproof_reports::Document;
use raceproof_reports::html::{Source, page};
use raceproof_reports::past::{PastRun, past_page};

use super::runs::{Found, Runs};
use crate::cli::report::replay_commands;

/// Below which the pages of runs lie.
const RUN: &str = "/run/";

/// The runs of a folder as pages.
#[derive(Debug)]
pub(super) struct Site {
    runs: Runs,
    /// The names under which a browser of this machine asks for us.
    hosts: [String; 3],
}

/// An answer without its head.
type Page = Result<String, (StatusCode, &'static str)>;

impl Site {
    /// The runs in `folder`, for who asks on `port` of loopback.
    pub(super) fn of(folder: PathBuf, port: u16) -> Self {
        let hosts = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}"));
        Self { runs: Runs::of(folder), hosts }
    }

    /// The answer to a request; its body is not read.
    pub(super) fn answer<Body>(&mut self, request: &Request<Body>) -> Response<Full<Bytes>> {
        let page = if !self.is_for_us(request) {
            // A page from elsewhere may have given us its own name, to read what we show (DNS rebinding).
            Err((StatusCode::MISDIRECTED_REQUEST, "this server answers to its own address only"))
        } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
            Err((StatusCode::METHOD_NOT_ALLOWED, "there is nothing to change here"))
        } else {
            self.page(request.uri().path())
        };
        let (status, kind, body) = match page {
            Ok(page) => (StatusCode::OK, "text/html; charset=utf-8", page),
            Err((status, told)) => (status, "text/plain; charset=utf-8", format!("{told}\n")),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
        ];
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn is_for_us<Body>(&self, request: &Request<Body>) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) => {
                self.hosts.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(host.as_bytes()))
            }
            _ => false,
        }
    }

    fn page(&mut self, path: &str) -> Page {
        const NOT_FOUND: (StatusCode, &str) =
            (StatusCode::NOT_FOUND, "there is no such page (the list of runs is at /)");
        const FAILED: (StatusCode, &str) = (StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made");
        let all = self.runs.all();
        if path == "/" {
            let runs: Vec<_> = all.into_iter().map(|found| found.run).collect();
            let folder = self.runs.folder().display().to_string();
            return past_page(&folder, &runs, &href).map_err(|_| FAILED);
        }
        let wanted = path.starts_with(RUN).then(|| all.iter().find(|found| href(&found.run) == path));
        let Some(Found { record, .. }) = wanted.flatten() else { return Err(NOT_FOUND) };
        let document = Document::read(record).map_err(|_| NOT_FOUND)?;
        let program = std::env::args().next().unwrap_or_else(|| "raceproof".to_owned());
        let replay_commands = replay_commands(&program, record, &document);
        page(&[Source { document: &document, replay_commands }]).map_err(|_| FAILED)
    }
}

/// The path of a run's own page.
fn href(run: &PastRun) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    RUN.to_owned() + &run.name.bytes().map(byte).collect::<String>()
}

#[cfg(test)]
mod tests {
    use raceproof_reports::Folder;

    use super::*;
    use crate::cli::fake;

    fn site() -> (tempfile::TempDir, Site) {
        let place = tempfile::tempdir().unwrap();
        for name in ["a run", "b"] {
            let folder = Folder::at(place.path().join("runs").join(name));
            folder.write_whole_run(&[], vec![fake::caught("a/a")]).unwrap();
        }
        Folder::at(place.path().join("secret")).write_whole_run(&[], vec![fake::caught("a/secret")]).unwrap();
        let site = Site::of(place.path().join("runs"), 7);
        (place, site)
    }

    fn asked(site: &mut Site, method: Method, host: &str, path: &str) -> StatusCode {
        let request = Request::builder().method(method).uri(path).header("host", host).body(()).unwrap();
        site.answer(&request).status()
    }

    #[test]
    fn runs_are_found_by_their_names_only() {
        let (_place, mut site) = site();
        let mut get = |path: &str| asked(&mut site, Method::GET, "localhost:7", path);
        assert_eq!(
            (get("/"), get("/run/b"), get("/run/a%20run")),
            (StatusCode::OK, StatusCode::OK, StatusCode::OK)
        );
        for path in [
            "/run/",
            "/run/..",
            "/run/../secret",
            "/run/%2e%2e%2fsecret",
            "/run/c",
            "/report.json",
            "/run/b/",
        ] {
            assert_eq!(get(path), StatusCode::NOT_FOUND, "{path}");
        }
    }

    /// A browser that was lured here names the host that it was lured by.
    #[test]
    fn only_names_of_this_machine_are_answered_to() {
        let (_place, mut site) = site();
        for host in ["127.0.0.1:7", "LOCALHOST:7", "[::1]:7"] {
            assert_eq!(asked(&mut site, Method::GET, host, "/"), StatusCode::OK, "{host}");
        }
        for host in ["evil.example:7", "localhost", "localhost:8", "localhost:7.evil.example", ""] {
            assert_eq!(asked(&mut site, Method::GET, host, "/"), StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        let none = Request::builder().uri("/").body(()).unwrap();
        assert_eq!(site.answer(&none).status(), StatusCode::MISDIRECTED_REQUEST);
        let twice = Request::builder()
            .uri("/")
            .header("host", "localhost:7")
            .header("host", "evil:7")
            .body(())
            .unwrap();
        assert_eq!(site.answer(&twice).status(), StatusCode::MISDIRECTED_REQUEST);
    }

    #[test]
    fn nothing_can_be_changed() {
        let (_place, mut site) = site();
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(asked(&mut site, method, "localhost:7", "/"), StatusCode::METHOD_NOT_ALLOWED);
        }
        assert_eq!(asked(&mut site, Method::HEAD, "localhost:7", "/"), StatusCode::OK);
    }
}
