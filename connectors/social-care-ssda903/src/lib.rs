//! The return on looked-after children (SSDA903), as CSV files and as XML.
