//! The SEN2 person-level census: requests, assessments and plans.
