-- When a tablet that was taken out of service first asked, under its own key, and was given the order.
ALTER TABLE device ADD COLUMN order_told_at TEXT;
