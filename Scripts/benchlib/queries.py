def queries(stage): raise NotImplementedError
