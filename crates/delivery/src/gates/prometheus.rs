//! Instant queries to a Prometheus, by its HTTP API.

use greenroom_model::gate::Prometheus;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Look, bounds, http};
use crate::chain::chain;

/// Looks once.
pub(super) async fn look(client: &Client, asked: &Prometheus<String>) -> Look {
    seen(client, asked).await.unwrap_or_else(Look::error)
}

async fn seen(client: &Client, asked: &Prometheus<String>) -> Result<Look, String> {
    let Prometheus { url, query, bounds, companion } = asked;
    let what = format!("`{query}`");
    let samples = ask(client, url, query).await?;
    if !samples.is_empty() {
        return Ok(bounds::judge(&what, &samples, *bounds));
    }
    let Some(companion) = companion else {
        return Ok(Look::inconclusive(format!("{what} has no data")));
    };
    let companions = ask(client, url, companion).await?;
    if !companions.is_empty() && companions.iter().all(|it| *it > 0.0) {
        return Ok(bounds::judge(&what, &[0.0], *bounds));
    }
    Ok(Look::inconclusive(format!("{what} has no data, and `{companion}` is not above zero")))
}

async fn ask(client: &Client, server: &str, query: &str) -> Result<Vec<f64>, String> {
    let url = address(server, query)?;
    let place = format!("Prometheus at {}", url.authority().rsplit('@').next().unwrap_or_default());
    let lost = |error: reqwest::Error| format!("{place}: {}", chain(&error.without_url()));
    let answer = client.get(url).send().await.map_err(lost)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(lost)?;
    match serde_json::from_slice::<Answer>(&body) {
        Ok(Answer { error: Some(error), .. }) => Err(format!("{place}: `{query}`: {error}")),
        Ok(answer) if status.is_success() => {
            answer.samples().map_err(|why| format!("{place}: `{query}`: {why}"))
        }
        _ => Err(format!("{place}: {status}, and no answer as a Prometheus gives it")),
    }
}

fn address(server: &str, query: &str) -> Result<Url, String> {
    let mut url = http::address(&format!("{}/api/v1/query", server.trim_end_matches('/')))?;
    url.query_pairs_mut().append_pair("query", query);
    Ok(url)
}

/// What the server answers, as far as it matters.
#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Value,
}

#[derive(Deserialize)]
struct Element {
    value: Sample,
}

/// A time, and the value then as text.
#[derive(Deserialize)]
struct Sample(IgnoredAny, String);

impl Answer {
    fn samples(self) -> Result<Vec<f64>, String> {
        let Data { result_type, result } = self.data.ok_or("there is no result")?;
        let samples: Vec<Sample> = match &*result_type {
            "vector" => read::<Vec<Element>>(result)?.into_iter().map(|it| it.value).collect(),
            "scalar" => vec![read(result)?],
            other => return Err(format!("the result is a {other}, not a vector or scalar")),
        };
        samples.iter().map(Sample::number).collect()
    }
}

impl Sample {
    fn number(&self) -> Result<f64, String> {
        self.1.parse().map_err(|_| format!("`{}` is no number", self.1))
    }
}

fn read<T: serde::de::DeserializeOwned>(result: Value) -> Result<T, String> {
    serde_json::from_value(result).map_err(|error| format!("the result has no numbers: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(body: &str) -> Result<Vec<f64>, String> {
        serde_json::from_str::<Answer>(body).expect("it is JSON").samples()
    }

    #[test]
    fn vectors_and_scalars_have_samples() {
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"job":"web"},"value":[1435781451.781,"1.5"]},
            {"metric":{},"value":[1435781451.781,"+Inf"]}]}}"#;
        assert_eq!(samples(vector), Ok(vec![1.5, f64::INFINITY]));
        let scalar = r#"{"data":{"resultType":"scalar","result":[1435781451,"-2e-3"]}}"#;
        assert_eq!(samples(scalar), Ok(vec![-0.002]));
        let nothing = r#"{"data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(samples(nothing), Ok(vec![]));
    }

    #[test]
    fn what_has_no_samples_is_a_broken_check() {
        for body in [
            r#"{"data":{"resultType":"matrix","result":[]}}"#,
            r#"{"data":{"resultType":"vector","result":[{"histogram":[0,{}]}]}}"#,
            r#"{"data":{"resultType":"scalar","result":[0,"many"]}}"#,
            "{}",
        ] {
            assert!(samples(body).is_err(), "{body}");
        }
    }

    #[test]
    fn the_address_keeps_a_path_before_the_api() {
        let url = address("https://metrics.example/prometheus/", "a{b=\"c\"} > 1");
        let url = url.expect("it is an address");
        assert_eq!(
            url.as_str(),
            "https://metrics.example/prometheus/api/v1/query?query=a%7Bb%3D%22c%22%7D+%3E+1"
        );
        assert!(address("prometheus:9090", "up").is_err());
    }
}
