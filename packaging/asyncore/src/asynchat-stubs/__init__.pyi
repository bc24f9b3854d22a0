from miniloop.compat.asynchat import *  # noqa: F403
