//! Journeys, and the rules of the house.
