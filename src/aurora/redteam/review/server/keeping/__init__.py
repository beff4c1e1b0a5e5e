"""What the review app keeps: `tables` in a `database`, the log as rows of one of them (`store`), and `accounts`."""
