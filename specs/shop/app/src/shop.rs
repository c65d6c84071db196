//! What the shop answers: a function of the request and of the orders so far.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::catalogue::ITEMS;
use crate::orders::{Orders, Wish};
use crate::settings::Settings;

/// The longest that `/slow` waits.
pub(crate) const SLOWEST: Duration = Duration::from_secs(10);

/// One instance of the shop.
#[derive(Debug)]
pub(crate) struct Shop {
    settings: Settings,
    orders: Mutex<Orders>,
}

/// A request, as far as the shop looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, without the query.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: &'a str,
    /// The whole body.
    pub body: &'a [u8],
}

/// An answer: JSON, to be sent after a wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How long to wait before sending it.
    pub wait: Duration,
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: String,
}

impl Shop {
    /// Opens a shop without orders.
    pub(crate) fn new(settings: Settings) -> Self {
        Shop { settings, orders: Mutex::default() }
    }

    /// The name of this instance.
    pub(crate) fn instance(&self) -> &str {
        &self.settings.instance
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: Request<'_>) -> Answer {
        let path: Vec<&str> = request.path.split('/').skip(1).collect();
        match (request.method, path.as_slice()) {
            (&Method::GET, [""]) => self.greeting(),
            (&Method::GET, ["health"]) => self.health(),
            (&Method::GET, ["items"]) => Answer::now(StatusCode::OK, &json!({ "items": ITEMS })),
            (&Method::GET, ["slow"]) => slow(request.query),
            (&Method::POST, ["orders"]) => self.take_order(request.body),
            (&Method::GET, ["orders", number]) => self.order(number),
            (_, ["" | "health" | "items" | "slow" | "orders"] | ["orders", _]) => {
                Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "this path has no such method")
            }
            _ => Answer::refusal(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }

    fn greeting(&self) -> Answer {
        let body = json!({
            "greeting": self.settings.greeting,
            "instance": self.settings.instance,
            "version": env!("CARGO_PKG_VERSION"),
            "environment": self.settings.environment,
        });
        Answer::now(StatusCode::OK, &body)
    }

    fn health(&self) -> Answer {
        if self.settings.fail_health {
            Answer::now(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "failing" }))
        } else {
            Answer::now(StatusCode::OK, &json!({ "status": "ok" }))
        }
    }

    fn take_order(&self, body: &[u8]) -> Answer {
        let wish: Wish = match serde_json::from_slice(body) {
            Ok(wish) => wish,
            Err(error) => return Answer::refusal(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        match self.orders().take(wish) {
            Ok(order) => Answer::now(StatusCode::CREATED, order),
            Err(refusal) => Answer::refusal(StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string()),
        }
    }

    fn order(&self, number: &str) -> Answer {
        let orders = self.orders();
        match number.parse().ok().and_then(|number| orders.find(number)) {
            Some(order) => Answer::now(StatusCode::OK, order),
            None => Answer::refusal(StatusCode::NOT_FOUND, "there is no such order"),
        }
    }

    // Nothing panics while the lock is held, so the orders behind a poisoned one are whole.
    fn orders(&self) -> std::sync::MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    /// An answer that explains what is wrong with the request.
    pub(crate) fn refusal(status: StatusCode, why: &str) -> Self {
        Answer::now(status, &json!({ "error": why }))
    }

    fn now(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("names and numbers are always JSON");
        Answer { wait: Duration::ZERO, status, body }
    }
}

fn slow(query: &str) -> Answer {
    let wait = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("ms="))
        .and_then(|text| text.parse().ok())
        .map(Duration::from_millis);
    match wait {
        Some(wait) if wait <= SLOWEST => {
            let body = json!({ "waited_ms": wait.as_millis() as u64 });
            Answer { wait, ..Answer::now(StatusCode::OK, &body) }
        }
        _ => Answer::refusal(StatusCode::BAD_REQUEST, "ms must be a number from 0 to 10000"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn shop(variables: &[(&str, &str)]) -> Shop {
        let find = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Shop::new(Settings::from_variables(find).unwrap())
    }

    fn ask(shop: &Shop, method: Method, target: &str, body: &str) -> (StatusCode, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request { method: &method, path, query, body: body.as_bytes() };
        let answer = shop.answer(request);
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    fn get(shop: &Shop, target: &str) -> (StatusCode, Value) {
        ask(shop, Method::GET, target, "")
    }

    #[test]
    fn the_greeting_names_instance_version_and_environment() {
        let shop = shop(&[
            ("SHOP_GREETING", "Good morning"),
            ("SHOP_INSTANCE", "web-1"),
            ("SHOP_ENVIRONMENT", "default"),
        ]);
        let (status, body) = get(&shop, "/");
        assert_eq!(status, StatusCode::OK);
        let expected = json!({
            "greeting": "Good morning",
            "instance": "web-1",
            "version": env!("CARGO_PKG_VERSION"),
            "environment": "default",
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn health_fails_only_when_told_to() {
        assert_eq!(get(&shop(&[]), "/health").0, StatusCode::OK);
        let unwell = shop(&[("SHOP_FAIL_HEALTH", "1")]);
        assert_eq!(get(&unwell, "/health").0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(get(&unwell, "/items").0, StatusCode::OK);
    }

    #[test]
    fn every_item_of_the_catalogue_can_be_ordered() {
        let shop = shop(&[]);
        let (_, body) = get(&shop, "/items");
        let items = body["items"].as_array().unwrap();
        assert!(!items.is_empty());
        for item in items {
            let wish = json!({ "item": item["sku"], "quantity": 1 }).to_string();
            let (status, order) = ask(&shop, Method::POST, "/orders", &wish);
            assert_eq!(status, StatusCode::CREATED);
            assert_eq!(order["total_cents"], item["price_cents"]);
        }
    }

    #[test]
    fn an_order_is_found_by_its_number() {
        let shop = shop(&[]);
        let wish = r#"{ "item": "mug", "quantity": 2 }"#;
        let (_, taken) = ask(&shop, Method::POST, "/orders", wish);
        assert_eq!(get(&shop, "/orders/1"), (StatusCode::OK, taken));
        assert_eq!(get(&shop, "/orders/2").0, StatusCode::NOT_FOUND);
        assert_eq!(get(&shop, "/orders/first").0, StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_wrong_order_is_refused_with_the_reason() {
        let shop = shop(&[]);
        let order = |body| ask(&shop, Method::POST, "/orders", body);
        assert_eq!(order("{").0, StatusCode::BAD_REQUEST);
        assert_eq!(order(r#"{ "item": "mug", "quantity": -1 }"#).0, StatusCode::BAD_REQUEST);
        let (status, body) = order(r#"{ "item": "yacht", "quantity": 1 }"#);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(body["error"], "there is no item `yacht`");
    }

    #[test]
    fn slow_waits_as_long_as_asked_within_its_bound() {
        let shop = shop(&[]);
        let wait = |query| {
            let request = Request { method: &Method::GET, path: "/slow", query, body: b"" };
            let answer = shop.answer(request);
            (answer.status, answer.wait)
        };
        assert_eq!(wait("ms=250"), (StatusCode::OK, Duration::from_millis(250)));
        assert_eq!(wait("x=1&ms=10000"), (StatusCode::OK, SLOWEST));
        for wrong in ["", "ms=", "ms=-1", "ms=10001", "ms=99999999999999999999"] {
            assert_eq!(wait(wrong), (StatusCode::BAD_REQUEST, Duration::ZERO), "{wrong}");
        }
    }

    #[test]
    fn unknown_paths_and_methods_are_told_apart() {
        let shop = shop(&[]);
        assert_eq!(get(&shop, "/cellar").0, StatusCode::NOT_FOUND);
        assert_eq!(get(&shop, "/items/tea").0, StatusCode::NOT_FOUND);
        assert_eq!(ask(&shop, Method::DELETE, "/items", "").0, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(get(&shop, "/orders").0, StatusCode::METHOD_NOT_ALLOWED);
    }
}
