//! What the shop sells.

use serde::Serialize;

/// One thing for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    /// Its name in orders.
    pub sku: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its price in cents.
    pub price_cents: u64,
}

/// Everything for sale, by sku.
pub(crate) const ITEMS: &[Item] = &[
    Item { sku: "kettle", title: "Enamel kettle", price_cents: 3_450 },
    Item { sku: "mug", title: "Stoneware mug", price_cents: 1_200 },
    Item { sku: "tea", title: "Assam, 100 g", price_cents: 680 },
];

/// The item with this sku.
pub(crate) fn find(sku: &str) -> Option<&'static Item> {
    ITEMS.iter().find(|item| item.sku == sku)
}
