/* What saving and restoring agree on. */
#ifndef FOREST_SAVED_H
#define FOREST_SAVED_H

enum { KEY_BITS = 20 }; /* KEY_SPAN fits */

#endif
