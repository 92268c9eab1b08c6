//! Any table that a mapping file describes: CSV, spreadsheets and SQL queries, with no code.
