//! Who may say what: kind -> topics and who may assert it. Checked when an envelope is opened.
