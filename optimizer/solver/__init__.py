"""The one session with HiGHS, its options, its outcome and the explanation of its refusals."""
