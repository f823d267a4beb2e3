"""The web server of the page: its socket, its first answer, its guard, and Gradio behind them."""
