®
invented of®
invented of®"
invented of®"
invented of®*
invented of®*
invented of®