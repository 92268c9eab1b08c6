
invented copies