"""How somebody comes to be known here: a link that works once, from whoever may give the role."""
