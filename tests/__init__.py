"""The tests of Quotewell, one file a module; `eval_help` serves those of the eval."""
