def roundtrip(stage): raise NotImplementedError
