"""Problems: frozen arrays with units in their names, and the checks that find everything wrong with them."""
