//! Promotions on AWS: what is called, in which order, and what is left alone.

mod by_dns;
mod by_load_balancer;
mod outside;
mod stage;
