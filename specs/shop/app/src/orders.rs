//! Orders, kept in memory: they are gone with the process.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::catalogue;

/// How many orders are remembered; older ones are forgotten first.
const REMEMBERED: usize = 1_000;

/// The most of one item that an order may ask for.
const MOST: u64 = 100;

/// What a customer asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// The item's sku.
    pub item: String,
    /// How many of it.
    pub quantity: u64,
}

/// An order that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Order {
    /// Its number, from 1.
    pub number: u64,
    /// The item's sku.
    pub item: &'static str,
    /// How many of it.
    pub quantity: u64,
    /// What it costs, in cents.
    pub total_cents: u64,
}

/// Why an order was not taken. Nothing was remembered.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such item.
    #[error("there is no item `{0}`")]
    UnknownItem(String),
    /// Too few or too many.
    #[error("the quantity is {0}, but must be from 1 to {MOST}")]
    Quantity(u64),
}

/// The newest orders.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    taken: u64,
    newest: VecDeque<Order>,
}

impl Orders {
    /// Takes an order, or says why not.
    pub(crate) fn take(&mut self, wish: Wish) -> Result<&Order, Refusal> {
        let Some(item) = catalogue::find(&wish.item) else {
            return Err(Refusal::UnknownItem(wish.item));
        };
        if !(1..=MOST).contains(&wish.quantity) {
            return Err(Refusal::Quantity(wish.quantity));
        }
        self.taken += 1;
        if self.newest.len() == REMEMBERED {
            self.newest.pop_front();
        }
        self.newest.push_back(Order {
            number: self.taken,
            item: item.sku,
            quantity: wish.quantity,
            total_cents: item.price_cents * wish.quantity,
        });
        Ok(self.newest.back().expect("an order was just pushed"))
    }

    /// The order with this number, if it is still remembered.
    pub(crate) fn find(&self, number: u64) -> Option<&Order> {
        self.newest.iter().find(|order| order.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(item: &str, quantity: u64) -> Wish {
        Wish { item: item.into(), quantity }
    }

    #[test]
    fn orders_are_numbered_from_one_and_priced() {
        let mut orders = Orders::default();
        orders.take(wish("tea", 1)).unwrap();
        let second = orders.take(wish("mug", 3)).unwrap();
        assert_eq!((second.number, second.total_cents), (2, 3_600));
        assert_eq!(orders.find(1).unwrap().item, "tea");
    }

    #[test]
    fn a_refused_order_takes_no_number() {
        let mut orders = Orders::default();
        assert_eq!(orders.take(wish("yacht", 1)), Err(Refusal::UnknownItem("yacht".into())));
        assert_eq!(orders.take(wish("tea", 0)), Err(Refusal::Quantity(0)));
        assert_eq!(orders.take(wish("tea", 101)), Err(Refusal::Quantity(101)));
        assert_eq!(orders.take(wish("tea", 100)).unwrap().number, 1);
    }

    #[test]
    fn the_oldest_order_is_forgotten_when_the_book_is_full() {
        let mut orders = Orders::default();
        for _ in 0..=REMEMBERED {
            orders.take(wish("tea", 1)).unwrap();
        }
        assert_eq!(orders.find(1), None);
        assert!(orders.find(2).is_some());
        assert!(orders.find(REMEMBERED as u64 + 1).is_some());
    }
}
