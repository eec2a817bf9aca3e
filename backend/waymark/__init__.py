"""The Waymark service: takes sealed reports in, brings answers back."""
