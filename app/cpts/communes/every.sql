SELECT c.code, 0 AS rank FROM commune c
