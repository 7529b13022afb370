/* filefacts.c -- what stat() says of two files, compared. */
#include "spine/base/filefacts.h"

bool spine_filefacts_are_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Without the device: a file system that is mounted again may get another number. */
bool spine_filefacts_unchanged(const struct stat *is, const struct stat *was)
{
    return is->st_ino == was->st_ino && is->st_size == was->st_size &&
           !spine_filefacts_is_newer(is, was) && !spine_filefacts_is_newer(was, is);
}

bool spine_filefacts_is_newer(const struct stat *file, const struct stat *than)
{
    const struct timespec *time = &file->st_mtim, *other = &than->st_mtim;

    return time->tv_sec != other->tv_sec ? time->tv_sec > other->tv_sec
                                         : time->tv_nsec > other->tv_nsec;
}
