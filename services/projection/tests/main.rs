//! The tests of the projection: one program, because each that stands by itself is linked with everything below it.

#![cfg(test)]

mod apart;
mod api;
mod commands;
mod consume_and_rebuild;
mod decide_record_release;
mod erasure;
mod facts_service;
mod facts_unread;
mod glass;
mod harness;
mod identity_at_read;
mod kept_children;
mod kept_views;
mod leaks;
mod ledger;
mod linking_decided;
mod linking_kill;
mod linking_order;
mod match_rates;
mod moved_entries;
mod no_room;
mod operator;
mod own_records;
mod planning;
mod policies;
mod probable_links;
mod protection;
mod replay;
mod review;
mod rights;
mod serve;
mod severance;
mod store_conformance;
mod store_damage;
mod store_keys;
mod store_kill;
mod store_model;
mod tls_files;
