"""Reads a token from memcached, and writes another, with the reference's own code.

usage: cache.py ADDRESS STRATEGY TOKEN_TO_READ TOKEN_TO_WRITE DOCUMENT
"""
import json
import logging
import sys

from keystonemiddleware.auth_token import _cache
from keystonemiddleware.auth_token import _memcache_crypt

address, strategy, read, write, document = sys.argv[1:]
log = logging.getLogger()
# Under Python 3 the name of an entry is made of bytes and reads b'...': a defect that Python 2, and we, do not have.
name = _memcache_crypt.get_cache_key
_memcache_crypt.get_cache_key = lambda keys: name(keys).decode()
common = {'cache_time': 300, 'memcached_servers': [address], 'use_advanced_pool': False}
if strategy == 'None':
    cache = _cache.TokenCache(log, **common)
else:
    cache = _cache.SecureTokenCache(log, strategy, 'secret', **common)
cache.initialize({})
print(cache.get(read)['token']['user']['id'])
cache.set(write, json.loads(document))
