
ÿÿÿÿÿÿÿÿÿ®¯ q®
invented of®
invented of®"
invented of®"
invented of®*
invented of®*
invented of®q®
invented of®
invented of®"
invented of®"
invented of®*
invented of®*
invented of®¯ °(±0²: