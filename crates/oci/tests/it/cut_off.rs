//! A push that is cut off at any request leaves nothing that anybody takes for an image.

use greenroom_oci::{ImageId, Order, push};

use crate::proxy::{Proxy, Weather};
use crate::registry::Registry;
use crate::shop::{Shop, Unpacked, manifests};

/// An image on a base of another registry.
fn order(shop: &Shop, base: &ImageId, host: &str) -> Order {
    let order = shop.order(format!("{host}/web"), &[("/own", "own")]);
    Order { base: Some(base.clone()), ..order }
}

/// Pushes until the request `cut` arrives at the registry, or is answered; `None` if there was none.
async fn pushed(
    shop: &Shop,
    base: &ImageId,
    registry: &Registry,
    weather: Weather,
) -> Option<ImageId> {
    let mut proxy = Proxy::before(registry.port, weather).await;
    let host = proxy.host();
    tokio::select! {
        pushed = push(order(shop, base, &host)) => Some(pushed.unwrap()),
        () = proxy.stalled() => None,
    }
}

#[tokio::test]
async fn a_push_that_is_cut_off_anywhere_leaves_no_image_and_can_be_done_again() {
    let (Some(from), Some(whole)) = (Registry::start(), Registry::start()) else { return };
    let shop = Shop::new();
    let base = push(shop.order(from.repository("base"), &[("/base", "base")])).await.unwrap();
    let expected = push(order(&shop, &base, &whole.host())).await.unwrap();
    let mut cuts = 0;
    for number in 0.. {
        for weather in [Weather::Lost(number), Weather::Unanswered(number)] {
            let registry = Registry::start().unwrap();
            let cut = pushed(&shop, &base, &registry, weather.clone()).await.is_none();
            // What arrived whole counts, also if nobody heard of it.
            let there = manifests(&registry, "web");
            assert!(
                there <= usize::from(matches!(weather, Weather::Unanswered(_)) || !cut),
                "{weather:?}"
            );
            if there > 0 {
                let id = expected.to_string().replace(&whole.host(), &registry.host());
                let id = id.parse().unwrap();
                assert_eq!(Unpacked::of(&id).await.read("base").as_deref(), Some("base"));
            }
            let id = push(order(&shop, &base, &registry.host())).await.unwrap();
            assert_eq!(id.digest(), expected.digest(), "{weather:?}");
            let image = Unpacked::of(&id).await;
            assert_eq!(image.read("own").as_deref(), Some("own"), "{weather:?}");
            assert_eq!(manifests(&registry, "web"), 1, "{weather:?}");
            if !cut {
                assert!(cuts >= 10, "only {cuts} requests were cut off");
                return;
            }
            cuts += 1;
        }
    }
}
