
®¯ °(±
®¯ °(±®¯ °(±0²8³@ˆä—ÐJ#
invented organisation®¯ °(±J#
invented organisation®¯ °(±PZ