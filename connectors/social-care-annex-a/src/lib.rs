//! Ofsted's Annex A lists, as spreadsheets and as CSV.
