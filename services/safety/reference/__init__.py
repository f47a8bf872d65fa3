"""Code tables of officer safety, as data with validity dates and a source a line."""
